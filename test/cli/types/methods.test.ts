import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { methodsOf } from "../../../cli/types/methods.ts";

it("reads entrypoints and methods from TypeScript, inherited ones too, and no private or reserved one", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "methods-"));
  const main = path.join(dir, "index.ts");
  writeFileSync(
    main,
    `import { WorkerEntrypoint, RpcTarget } from "cloudflare:workers";
class Base extends WorkerEntrypoint { ping(): string { return "pong"; } }
export class Cart extends RpcTarget { total(): number { return 0; } }
export class Payments extends Base {
  #secret(): void {}
  async charge(amount: number): Promise<number> { if (amount) { return amount } return 0; }
  get cart(): Cart { return new Cart(); }
  static make(): void {}
  override fetch(): Response { return new Response(); }
}
export default class extends WorkerEntrypoint { hello(): void {} }
`,
  );
  const methods = await methodsOf(main);
  expect([...(methods ?? [])].map(([name, own]) => [name, [...own].toSorted()])).toEqual([
    ["Payments", ["cart", "charge", "ping"]],
    ["default", ["hello"]],
  ]);
  expect(await methodsOf(path.join(dir, "none.ts"))).toBeNull();
});
