// Owns the one memory of a control isolate, shared by the entrypoint and the API.
import { createMemory } from "./memory.ts";

export const memory = createMemory();
