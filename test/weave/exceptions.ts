// In what a woven call differs from a bare one, and why: the first table of docs/transparency.md, and the probes that show it.

export interface Exception {
  /** As the page says it. */
  readonly what: string;
  readonly why: string;
  /** Each of them differs somewhere; no other probe differs anywhere. */
  readonly probes: readonly string[];
}

export const EXCEPTIONS: readonly Exception[] = [
  {
    what: "The callee's handler sees the request headers `heddle` and `traceparent`; at level `request` the caller sees `heddle-answer`",
    why: "Taking them out would mean copying every request, which costs more than the mesh itself. They prove nothing to anybody else",
    probes: ["response: the mesh's headers, sent and received"],
  },
  {
    what: "A binding to another Worker of the mesh, or an entrypoint of `ctx.exports`, can be neither argument nor result of an RPC: `bad_argument`",
    why: "It would be a capability around the callee's own policy. Pass an `RpcTarget`",
    probes: [
      "target: binding as argument",
      "target: binding in an argument",
      "target: binding as result",
      "context: loopback stub as argument",
    ],
  },
  {
    what: "`connect()` on a binding to a Worker of the mesh is not carried",
    why: "Raw sockets have neither a path nor a message that could be routed or proved",
    probes: [
      "member: reserved connect, called",
      "member: reserved connect, with a text",
      "member: reserved connect, with an argument",
    ],
  },
  {
    what: "A redirect by 307 or 308 of a `Request` object's own body is not followed, as if the body were a stream; nor is one to another scheme than http",
    why: "Inside the mesh each hop is a routed call of its own, and a `Request` does not say whether its body can be had again. A body given beside the URL is sent again",
    probes: ["redirect: Request with text, 307", "redirect: to another scheme"],
  },
  {
    what: "Of the 32 MiB that the arguments of an RPC may have, the mesh's envelope takes some 200 bytes",
    why: "It travels with them",
    probes: ["value: too big"],
  },
  {
    what: "A remote method named `toJSON`, called with one text, is not called: the answer is `{}`",
    why: "It is the question that `JSON.stringify` asks of everything, and printing a binding must call nobody",
    probes: ["member: reserved toJSON, with a text"],
  },
  {
    what: "`structuredClone` of a binding fails with another message",
    why: "It asks the engine and not the object",
    probes: ["shape: structuredClone of a binding"],
  },
];
