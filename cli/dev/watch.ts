// Owns noticing that files of a project changed. What changed is found out by whoever is told.
import { existsSync, statSync, watch, type FSWatcher } from "node:fs";
import path from "node:path";

/** A running watch; `set` replaces what is watched, and does nothing once it is closed. */
export interface Watch {
  set(paths: readonly string[]): void;
  close(): void;
}

/** Changes this close together are one. */
const SETTLE_MS = 100;
/** Written by builds and by the mesh itself. */
const GENERATED = new Set(["node_modules", ".git", ".wrangler", ".heddle"]);

/** Calls back once files below the watched paths came to rest after a change. */
export function watchFiles(onChange: () => void): Watch {
  let watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const changed = (name: string | null): void => {
    if (name?.split(path.sep).some((part) => GENERATED.has(part))) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, SETTLE_MS);
  };
  const close = (): void => {
    for (const watcher of watchers) watcher.close();
    watchers = [];
  };

  return {
    set(paths) {
      if (isClosed) return;
      close();
      watchers = paths.flatMap((at) => startWatcher(at, changed));
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      close();
    },
  };
}

/** Editors replace files, so a file is watched by its folder. */
function startWatcher(at: string, changed: (name: string | null) => void): readonly FSWatcher[] {
  if (!existsSync(at)) return [];
  const isFolder = statSync(at).isDirectory();
  const folder = isFolder ? at : path.dirname(at);
  const own = path.basename(at);
  const watcher = watch(folder, { recursive: isFolder }, (_event, name) => {
    if (isFolder || name === own) changed(name);
  });
  watcher.on("error", () => watcher.close());
  return [watcher];
}
