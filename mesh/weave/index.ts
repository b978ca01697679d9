// The module that weaving puts beside a built Worker; also how a Worker joins by hand.
export { start, type Runtime } from "./start.ts";
