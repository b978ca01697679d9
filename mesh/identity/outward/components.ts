// Owns what an HTTP signature covers: the components of a message and the base that is signed (RFC 9421 section 2).
import {
  itemText,
  parseDictionary,
  type BareItem,
  type Item,
  type Parameters,
} from "./structured-fields.ts";

/** A message as both sides saw it; `headers` as they came, names in any case. */
export interface Message {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Of a request. */
  readonly method?: string;
  /** Of a request: path and query as on the request line; empty is `/`. */
  readonly target?: string;
  /** Of a request. Default: `https`. */
  readonly scheme?: "http" | "https";
  /** Of a response. */
  readonly status?: number;
  /** Of a response: the request it answers, for components with the parameter `req`. */
  readonly request?: Message;
  readonly body?: Uint8Array | string;
}

/** Says why a component has no value. */
export class ComponentError extends Error {
  override readonly name = "ComponentError";
}

const FIELD = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/** The signature base of the covered components and the text of their parameters (RFC 9421 section 2.5). */
export function signatureBase(
  message: Message,
  components: readonly Item[],
  parameters: string,
): string {
  const lines = components.map((component) => {
    const name = identifier(component);
    return `${name}: ${plain(valueOf(message, component))}`;
  });
  const names = components.map(identity);
  if (new Set(names).size < names.length) throw new ComponentError("a component is named twice");
  return [...lines, `"@signature-params": ${parameters}`].join("\n");
}

/** A component as it is named in the base; of the parameters, `name`, `key`, `bs` and `req` are understood. */
export function identifier(component: Item): string {
  const { value, parameters } = component;
  if (typeof value !== "string") throw new ComponentError("a component is not a string");
  const isField = !value.startsWith("@");
  for (const [key, given] of parameters) {
    const isKnown =
      given === true
        ? key === "req" || (key === "bs" && isField)
        : typeof given === "string" && key === (isField ? "key" : "name");
    if (!isKnown) throw new ComponentError(`no parameter ${key}`);
  }
  if (parameters.has("name") && value !== "@query-param") throw new ComponentError(`no name`);
  return itemText(component);
}

/** Two components are one whatever the order of their parameters (RFC 9421 section 2). */
const identity = ({ value, parameters }: Item): string =>
  identifier({
    value,
    parameters: new Map([...parameters].toSorted(([left], [right]) => (left < right ? -1 : 1))),
  });

/** A line of the base is ASCII without breaks (RFC 9421 section 2.5): else one value could pass for two lines. */
function plain(text: string): string {
  if (/[^\t -~]/.test(text)) throw new ComponentError("a value is not plain text");
  return text;
}

function valueOf(given: Message, { value, parameters }: Item): string {
  const message = parameters.has("req") ? given.request : given;
  if (message === undefined) throw new ComponentError("there is no request to be answered");
  const name = textOf(value);
  if (!name.startsWith("@")) return fieldOf(message, name, parameters);
  if (message.method === undefined) {
    if (name === "@status" && message.status !== undefined) return String(message.status);
    throw new ComponentError(`${name} is not of a response`);
  }
  return derived(message, name, parameters.get("name"));
}

const textOf = (value: BareItem | undefined): string => (typeof value === "string" ? value : "");

/**
 * All values of a field in their order, without the blanks around them (RFC 9421 section 2.1); with `bs` each of them as
 * bytes, with `key` one member of the dictionary that they are.
 */
function fieldOf({ headers }: Message, name: string, parameters: Parameters): string {
  if (!FIELD.test(name)) throw new ComponentError(`${name} is no field name in lower case`);
  const values = headers
    .filter(([given]) => given.toLowerCase() === name)
    .map(([, given]) => plain(given.replaceAll(/\s*\r\n\s+/g, " ")).trim());
  if (values.length === 0) throw new ComponentError(`${name} is missing`);
  const key = parameters.get("key");
  if (parameters.has("bs")) {
    if (key !== undefined) throw new ComponentError("bs and key");
    return values.map((value) => `:${btoa(value)}:`).join(", ");
  }
  const text = values.join(", ");
  if (key === undefined) return text;
  const member = parseDictionary(text)?.get(textOf(key));
  if (member === undefined) throw new ComponentError(`${name} has no such member`);
  return member.text;
}

type Derive = (message: Message, target: string, parameter?: BareItem) => string;

/** Derived components of a request (RFC 9421 section 2.2). */
const DERIVED: Readonly<Record<string, Derive>> = {
  "@method": ({ method = "" }) => method,
  "@scheme": ({ scheme = "https" }) => scheme,
  "@authority": (message) => authorityOf(message),
  "@target-uri": (message, target) =>
    `${message.scheme ?? "https"}://${authorityOf(message)}${target}`,
  "@request-target": (_message, target) => target,
  "@path": (_message, target) => target.split("?", 1)[0] || "/",
  "@query": (_message, target) => `?${queryOf(target)}`,
  "@query-param": (_message, target, parameter) => queryParameter(queryOf(target), parameter),
};

function derived(message: Message, name: string, parameter?: BareItem): string {
  const derive = Object.hasOwn(DERIVED, name) ? DERIVED[name] : undefined;
  if (derive === undefined) throw new ComponentError(`${name} is not of a request`);
  const { target = "" } = message;
  return derive(message, target === "" ? "/" : target, parameter);
}

function queryOf(target: string): string {
  const cut = target.indexOf("?");
  return cut < 0 ? "" : target.slice(cut + 1);
}

const DEFAULT_PORT = { http: ":80", https: ":443" } as const;

/** The host in lower case, without the scheme's own port (RFC 9421 section 2.2.3). */
function authorityOf({ headers, scheme = "https" }: Message): string {
  const hosts = headers.filter(([name]) => name.toLowerCase() === "host");
  const host = hosts[0]?.[1].trim().toLowerCase();
  if (hosts.length !== 1 || host === undefined || host === "")
    throw new ComponentError("not one host");
  const port = DEFAULT_PORT[scheme];
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}

/**
 * The one parameter of that name (RFC 9421 section 2.2.8), which has to be written in its one encoding; one that stands
 * twice has no one value.
 */
function queryParameter(query: string, name?: BareItem): string {
  const found = [...new URLSearchParams(query)].filter(([given]) => encoded(given) === name);
  const [parameter] = found;
  if (parameter === undefined || found.length > 1)
    throw new ComponentError("not one query parameter");
  return encoded(parameter[1]);
}

/** As forms are written, save that a blank is `%20`. */
const encoded = (text: string): string =>
  new URLSearchParams([["", text]]).toString().slice(1).replaceAll("+", "%20");
