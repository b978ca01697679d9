// Owns the stand-ins for what code takes from its runtime without asking: clock, chance and timers. They are in force
// inside a machine only; everything else in the process keeps the runtime's own.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Planned } from "./heap.ts";
import type { Machine } from "./machine.ts";

/** The machine whose code runs now, and everything that follows from it; none outside of the simulation. */
export const running = new AsyncLocalStorage<Machine>();

/** Puts in place of a property what is made of it; the answer takes it out again. */
export function standIn<T extends object, K extends keyof T>(
  target: T,
  name: K,
  make: (own: T[K]) => unknown,
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const value = make(target[name]);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () =>
    void (own === undefined
      ? Reflect.deleteProperty(target, name)
      : Object.defineProperty(target, name, own));
}

/** Puts clock, chance and timers of machines in place; each answer takes one out again. */
export const standInTime = (): readonly (() => void)[] => [
  standIn(Date, "now", (own) => () => running.getStore()?.now() ?? own()),
  standIn(Math, "random", (own) => () => (running.getStore()?.world.random ?? own)()),
  standIn(globalThis, "setTimeout", (own) => (run: () => void, ms = 0): unknown => {
    const machine = running.getStore();
    return machine === undefined ? own(run, ms) : machine.after(ms, run);
  }),
  standIn(globalThis, "clearTimeout", (own) => (timer?: NodeJS.Timeout | Planned) => {
    if (timer !== undefined && "order" in timer) timer.run = null;
    else own(timer);
  }),
];
