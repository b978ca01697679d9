// Owns the name of the binding to the dev process in Workers that are not dev's own.

/** What the objects' Worker in dev calls the dev process. */
export const NODE_BINDING = "HEDDLE_DEV_NODE";
