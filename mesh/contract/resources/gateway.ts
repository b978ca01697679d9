// Owns the kind Gateway (Gateway API v1, both channels): where traffic enters.
import * as z from "zod";
import {
  GATEWAY_API,
  GATEWAY_GROUP,
  groupSchema,
  hostnameSchema,
  kindSchema,
  labelKeySchema,
  labelSelectorSchema,
  labelsSchema,
  objectNameSchema,
  portSchema,
  resourceSchema,
  subdomainSchema,
  uniqueBy,
} from "./meta.ts";
import { problem } from "./problem.ts";
import { localObjectSchema, objectRefSchema, secretRefSchema } from "./reference.ts";

/** The class of a Gateway that names none. */
export const GATEWAY_CLASS = "heddle";

const few = <T extends Record<string, string>>(max: number) =>
  [
    (entries: T): boolean => Object.keys(entries).length <= max,
    problem(`has more than ${max} entries`, "Remove some."),
  ] as const;

const namespacesSchema = z
  .strictObject({
    from: z.enum(["All", "Selector", "Same"]).default("Same"),
    selector: labelSelectorSchema.optional(),
  })
  .default({ from: "Same" });

const allowedRoutesSchema = z
  .strictObject({
    namespaces: namespacesSchema,
    kinds: z
      .array(z.strictObject({ group: groupSchema.default(GATEWAY_GROUP), kind: kindSchema }))
      .max(8)
      .optional(),
  })
  .default({ namespaces: { from: "Same" } });

const tlsSchema = z
  .strictObject({
    mode: z.enum(["Terminate", "Passthrough"]).default("Terminate"),
    certificateRefs: z.array(secretRefSchema).max(64).optional(),
    options: z
      .record(z.string(), z.string().max(4096))
      .refine(...few(16))
      .optional(),
  })
  .superRefine((tls, context) => {
    const hasCertificate =
      (tls.certificateRefs ?? []).length + Object.keys(tls.options ?? {}).length > 0;
    if (tls.mode !== "Terminate" || hasCertificate) return;
    const message = problem("is missing for mode Terminate", "Name a certificate, or set options.");
    context.addIssue({ code: "custom", path: ["certificateRefs"], message });
  });

const PROTOCOL =
  /^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$/;

const listenerSchema = z
  .strictObject({
    name: subdomainSchema,
    hostname: hostnameSchema.optional(),
    port: portSchema,
    protocol: z
      .string()
      .min(1)
      .max(255)
      .regex(
        PROTOCOL,
        problem("is not a protocol", "Write HTTP, HTTPS, TLS, TCP, UDP or dns.prefix/NAME."),
      ),
    tls: tlsSchema.optional(),
    allowedRoutes: allowedRoutesSchema,
  })
  .superRefine((listener, context) => {
    const complaint = listenerProblem(listener);
    if (complaint)
      context.addIssue({ code: "custom", path: [complaint.field], message: complaint.message });
  });
export type Listener = z.infer<typeof listenerSchema>;

function listenerProblem(listener: {
  readonly protocol: string;
  readonly hostname?: string | undefined;
  readonly tls?: { readonly mode: string } | undefined;
}): { field: string; message: string } | null {
  const { protocol, tls } = listener;
  const said = (field: string, what: string, mend: string) => ({
    field,
    message: problem(what, mend),
  });
  if (["HTTP", "TCP", "UDP"].includes(protocol) && tls) {
    return said("tls", `does not go with protocol ${protocol}`, "Remove it or use HTTPS or TLS.");
  }
  if (protocol === "HTTPS" && tls && tls.mode !== "Terminate") {
    return said("tls", "has another mode than HTTPS allows", "Set mode: Terminate.");
  }
  if (protocol === "TLS" && !tls)
    return said("tls", "is missing for protocol TLS", "Add it with a mode.");
  if (["TCP", "UDP"].includes(protocol) && listener.hostname) {
    return said("hostname", `does not go with protocol ${protocol}`, "Remove it.");
  }
  return null;
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const isIpAddress = (value: string): boolean =>
  IPV4.test(value) || z.ipv6().safeParse(value).success;
const ADDRESS_TYPE =
  /^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

const addressSchema = z
  .strictObject({
    type: z
      .string()
      .min(1)
      .max(253)
      .regex(
        ADDRESS_TYPE,
        problem("is not an address type", "Write IPAddress, Hostname or NamedAddress."),
      )
      .default("IPAddress"),
    value: z.string().max(253).optional(),
  })
  .superRefine(({ type, value }, context) => {
    if (value === undefined) return;
    const complaint =
      type === "IPAddress" && !isIpAddress(value)
        ? problem("is not an IP address", "Write an IPv4 or IPv6 address.")
        : type === "Hostname" && !hostnameSchema.safeParse(value).success
          ? problem("is not a hostname", "Write a lower-case name without port.")
          : null;
    if (complaint)
      context.addIssue({ code: "custom", path: ["value"], message: complaint, input: value });
  });

const validationSchema = z.strictObject({
  caCertificateRefs: z.array(objectRefSchema).min(1).max(16),
  mode: z.enum(["AllowValidOnly", "AllowInsecureFallback"]).default("AllowValidOnly"),
});
const frontendSchema = z.strictObject({ validation: validationSchema.optional() });
const gatewayTlsSchema = z.strictObject({
  backend: z.strictObject({ clientCertificateRef: secretRefSchema.optional() }).optional(),
  frontend: z
    .strictObject({
      default: frontendSchema,
      perPort: z
        .array(z.strictObject({ port: portSchema, tls: frontendSchema }))
        .max(64)
        .superRefine(uniqueBy((entry) => String(entry.port), "the port"))
        .optional(),
    })
    .optional(),
});

const addressesSchema = z
  .array(addressSchema)
  .max(16)
  .superRefine(
    uniqueBy(
      ({ type, value }) =>
        value && ["IPAddress", "Hostname"].includes(type) ? `${type} ${value}` : undefined,
      "the address",
    ),
  );

/** The listeners of a Gateway or a ListenerSet. */
export const listenersSchema = z
  .array(listenerSchema)
  .min(1)
  .max(64)
  .superRefine(uniqueBy((listener) => listener.name, "the listener name"))
  .superRefine(
    uniqueBy(
      (listener) => `${listener.port} ${listener.protocol} ${listener.hostname ?? ""}`,
      "port, protocol and hostname",
    ),
  );

export const gatewaySpecSchema = z.strictObject({
  /** The Gateway API demands it; there is one class here, so it may be left out. */
  gatewayClassName: objectNameSchema.default(GATEWAY_CLASS),
  listeners: listenersSchema,
  addresses: addressesSchema.optional(),
  infrastructure: z
    .strictObject({
      labels: labelsSchema.refine(...few(8)).optional(),
      annotations: z
        .record(labelKeySchema, z.string().max(4096))
        .refine(...few(16))
        .optional(),
      parametersRef: localObjectSchema.optional(),
    })
    .optional(),
  allowedListeners: z
    .strictObject({
      namespaces: z
        .strictObject({
          from: z.enum(["All", "Selector", "Same", "None"]).default("None"),
          selector: labelSelectorSchema.optional(),
        })
        .default({ from: "None" }),
    })
    .optional(),
  tls: gatewayTlsSchema.optional(),
  defaultScope: z.enum(["All", "None"]).optional(),
});
export type GatewaySpec = z.infer<typeof gatewaySpecSchema>;

/** The kind Gateway. */
export const gatewaySchema = resourceSchema({
  apiVersions: [GATEWAY_API],
  kind: "Gateway",
  name: subdomainSchema,
  namespaced: true,
  spec: gatewaySpecSchema,
});
