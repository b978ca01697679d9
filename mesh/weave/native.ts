// What the runtime's own stubs are and look like, so that ours look the same and are taken apart where they must be.
import * as platform from "cloudflare:workers";

/** Asked of anything, answers only for what the mesh stands in front of: the runtime's own object, or MESHED. */
export const NATIVE: unique symbol = Symbol("heddle");
/** A binding into the mesh: there is nothing behind it that could be handed to somebody else. */
export const MESHED: unique symbol = Symbol("meshed");

/** The prototype of one of the runtime's stub classes; older runtimes do not name them all. */
function prototypeOf(name: "RpcPromise" | "RpcProperty" | "ServiceStub"): object {
  const found: unknown = Reflect.get(platform, name);
  return typeof found === "function" ? (found.prototype as object) : Object.prototype;
}

export const ofPromise: object = prototypeOf("RpcPromise");
export const ofProperty: object = prototypeOf("RpcProperty");
export const ofService: object = prototypeOf("ServiceStub");

/** What stands behind a value: undefined where the mesh is not in front of it. */
export const nativeOf = (value: object): unknown => Reflect.get(value, NATIVE) as unknown;

/** The runtime reads no array index from its stubs. */
export const isIndex = (name: string): boolean => name.charCodeAt(0) <= NINE && INDEX.test(name);

const NINE = 0x39;
const INDEX = /^(?:0|[1-9]\d{0,9})$/;

/** `JSON.stringify` asks its own question of a member named toJSON, with one text; everything else is remote. */
export const withoutJson = (member: object, json: object): unknown =>
  new Proxy(member, {
    apply: (found, self, args: unknown[]) =>
      args.length === 1 && typeof args[0] === "string"
        ? json
        : (Reflect.apply(found as () => unknown, self, args) as unknown),
  });

/** A method of the runtime's own class: what stands in front of its owner counts as the owner, and nobody else does. */
export const methodOn = (
  front: () => object,
  owner: object,
  method: () => unknown,
  pass: (value: unknown) => unknown = (value) => value,
): ((this: unknown, ...args: readonly unknown[]) => unknown) =>
  function (this: unknown, ...args) {
    return pass(Reflect.apply(method, this === front() ? owner : this, args) as unknown);
  };
