// The words of the runtime for an RPC call to a handler object with none or several arguments.

/** RPC on a handler object takes exactly one argument, as bare. */
export const wrongCount = (name: string): TypeError =>
  new TypeError(
    `Attempted to call RPC function "${name}" with the wrong number of arguments. When calling a top-level handler function that is not declared as part of a class, you must always send exactly one argument. In order to support variable numbers of arguments, the server must use class-based syntax (extending WorkerEntrypoint) instead.`,
  );
