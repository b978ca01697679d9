// Owns which field and which complaint a reason of a validation case asks for.

/** One complaint, as control words it. */
export interface Complaint {
  /** From the document's root: `spec.rules[0].name`. */
  readonly path: string;
  readonly message: string;
}

interface Wanted {
  /** Of the field at fault. */
  readonly path: RegExp;
  /** Of what is wrong with it. Absent: anything. */
  readonly message?: RegExp;
}

const REASONS: Readonly<Record<string, Wanted>> = {
  "address-duplicate": { path: /addresses\[\d+\]$/, message: /repeats/ },
  "backend-timeout-exceeds-request-timeout": { path: /timeouts\.backendRequest$/ },
  "cors-origin-syntax": { path: /cors\.allowOrigins\[\d+\]$/ },
  "cors-wildcard-method-mixed": { path: /cors\.allowMethods$/ },
  "duration-format": { path: /(request|backendRequest|backoff|Timeout)$/, message: /duration/ },
  enum: { path: /./, message: / is / },
  "external-auth-protocol-without-config": {
    path: /externalAuth\.(http|grpc|protocol)$/,
    message: /missing/,
  },
  "filter-field-without-its-type": { path: /filters\[\d+\]\.\w+$/, message: /does not go with/ },
  "filter-repeated": { path: /filters\[\d+\]$/, message: /repeats/ },
  "filter-type-without-its-field": { path: /filters\[\d+\]\.\w+$/, message: /missing/ },
  "group-syntax": { path: /group$/ },
  "grpc-method-match-empty": { path: /matches\[\d+\]\.method$/ },
  "header-name-syntax": { path: /(name|\[\d+\])$/, message: /header name/ },
  "header-value-syntax": { path: /value$/, message: /header value/ },
  "hostname-on-l4-protocol": { path: /listeners\[\d+\]\.hostname$/ },
  "hostname-syntax": { path: /(hostname|hostnames\[\d+\]|addresses\[\d+\]\.value)$/ },
  "ip-address-syntax": { path: /addresses\[\d+\]\.value$/ },
  "kind-syntax": { path: /kind$/ },
  "label-syntax": { path: /(labels|annotations)/ },
  "list-key-duplicate": { path: /\[\d+\]$/, message: /repeats/ },
  "listener-name-duplicate": { path: /listeners\[\d+\]$/, message: /repeats the listener name/ },
  "listener-port-protocol-hostname-duplicate": { path: /listeners\[\d+\]$/, message: /repeats/ },
  "max-items": { path: /./, message: /items long|more than/ },
  "max-length": { path: /./, message: /characters long/ },
  "max-properties": { path: /./, message: /more than/ },
  maximum: { path: /./, message: / is \d/ },
  "min-items": { path: /./, message: /items long/ },
  "min-length": { path: /./, message: /characters long/ },
  minimum: { path: /./, message: / is -?\d/ },
  "mirror-fraction-above-one": { path: /requestMirror\.fraction(\.numerator)?$/ },
  "mirror-percent-and-fraction": { path: /requestMirror$/, message: /percent and fraction/ },
  "name-syntax": { path: /(name|sectionName|namespace)$/ },
  "parentref-ambiguous-needs-section-or-port": { path: /parentRefs\[\d+\]$/ },
  "parentref-duplicate": { path: /parentRefs\[\d+\]$/, message: /repeats/ },
  "path-chars": { path: /(path\.value|http\.path)$/ },
  "path-modifier-type-without-value": { path: /path\.replace\w+$/, message: /missing/ },
  "path-modifier-value-without-type": { path: /path\.replace\w+$/, message: /go with|missing/ },
  "path-not-absolute": { path: /path\.value$/, message: /absolute/ },
  "path-unsafe": { path: /path\.value$/, message: /holds/ },
  "prefix-replace-needs-single-prefix-match": { path: /rules\[\d+\]\.matches$/ },
  "redirect-with-backends": { path: /rules\[\d+\]\.backendRefs$/ },
  required: { path: /./, message: /missing/ },
  "rule-name-duplicate": { path: /rules\[\d+\]$/, message: /repeats the rule name/ },
  "service-ref-without-port": { path: /port$/, message: /missing/ },
  "tls-mode": { path: /listeners\[\d+\]\.tls(\.mode)?$/ },
  "tls-on-plain-protocol": { path: /listeners\[\d+\]\.tls$/ },
  "tls-terminate-without-cert": { path: /listeners\[\d+\]\.tls(\.certificateRefs)?$/ },
  "total-matches-limit": { path: /rules$/, message: /matches/ },
  type: { path: /./, message: / is an? / },
  "unknown-field": { path: /./, message: /not a known field/ },
};

/** Whether some complaint names what one of the reasons means; a reason nobody knows asks for a field below `spec`. */
export function namesReason(reasons: readonly string[], complaints: readonly Complaint[]): boolean {
  return (reasons.length > 0 ? reasons : [""]).some((reason) => {
    const { path, message } = REASONS[reason] ?? { path: /^spec/ };
    return complaints.some(
      (one) => path.test(one.path) && (message === undefined || message.test(one.message)),
    );
  });
}
