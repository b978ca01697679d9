// Owns who speaks to control: the bearer token's name and role, and what a role may not do.
import { type Role, ROLES } from "../../mesh/contract/state.ts";
import { toBase64url } from "../../mesh/identity/base64url.ts";
import type { Control } from "../control.ts";
import { carriesToken } from "../token.ts";

/** The holder of a token. */
export interface Who {
  readonly name: string;
  readonly role: Role;
}

/** Holder of the secret HEDDLE_TOKEN. */
const ROOT: Who = { name: "root", role: "admin" };
const TOKEN = /^Bearer\s+(hdl_[\w-]{43})\s*$/i;
/** Kinds that say who may do what: only `admin` changes them. */
const GUARDED = new Set(["Mesh", "AuthorizationPolicy", "RequestAuthentication", "TrustDomain"]);

/** Who sends the request; null for nobody known. A token that is none costs no question to an object. */
export async function whoSends(
  request: Request,
  root: string,
  store: Pick<Control["store"], "findToken">,
): Promise<Who | null> {
  if (await carriesToken(request, root)) return ROOT;
  const token = TOKEN.exec(request.headers.get("authorization") ?? "")?.[1];
  if (token === undefined) return null;
  const found = await store.findToken(await digestOf(token));
  return found && { name: found.name, role: found.role };
}

/** Whether a role is at least another. */
export const mayAs = (role: Role, least: Role): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(least);

/** Of the kinds given those that the role may not change. */
export const guardedFrom = (role: Role, kinds: readonly unknown[]): readonly string[] =>
  role === "admin" ? [] : [...new Set(kinds.map(String))].filter((kind) => GUARDED.has(kind));

/** A new token and the digest it is known by. */
export async function newToken(): Promise<{ readonly token: string; readonly digest: string }> {
  const token = `hdl_${toBase64url(crypto.getRandomValues(new Uint8Array(32)))}`;
  return { token, digest: await digestOf(token) };
}

async function digestOf(token: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return toBase64url(new Uint8Array(bytes));
}
