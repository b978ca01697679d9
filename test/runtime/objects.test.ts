// NOTICE: this file's first version (5 tests) was deleted by mistake at 21:32 by the engineer of the
// repository frame, while cleaning up a probe beside it. Its author: please write yours over this one.
import { test } from "vitest";

test.todo("objects in workerd: restore the five tests deleted by mistake");
