// Owns `status.addresses` of Gateways: where whoever serves their listeners says they can be reached.
import type { Control } from "../control.ts";

interface GatewayAddresses {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly addresses: readonly object[];
}

/** Writes addresses into the Gateways' statuses; answers those that do not exist. */
export async function writeAddresses(
  { store }: Control,
  gateways: readonly GatewayAddresses[],
): Promise<readonly string[]> {
  const found = await Promise.all(
    gateways.map(async ({ gateway, addresses }) => {
      const [namespace = "", name = ""] = gateway.split("/");
      const stored = await store.get("Gateway", namespace, name);
      const generation = stored?.metadata.generation;
      return { gateway, namespace, name, generation, status: { addresses } };
    }),
  );
  await store.writeStatuses(
    found.flatMap(({ namespace, name, generation, status }) =>
      generation === undefined ? [] : [{ kind: "Gateway", namespace, name, generation, status }],
    ),
  );
  return found.flatMap(({ gateway, generation }) => (generation === undefined ? [gateway] : []));
}
