// Owns which URLs control fetches for whoever writes resources: public ones, by name and over TLS.

/** Names that lead into a network rather than out of it (RFC 6761, RFC 6762, RFC 8375, RFC 9476). */
const INNER =
  /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|arpa|test|invalid|onion|alt)$/;

/** Why a bundle may not be fetched from there, or null; in dev loopback will do. */
export function badBundleUrl(text: string, isDev: boolean): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return "is no URL";
  if (url.username !== "" || url.password !== "") return "carries a user name or a password";
  if (isDev) return null;
  if (url.protocol !== "https:") return "is not https";
  const host = url.hostname.replace(/\.$/, "");
  // The URL parser has turned every spelling of an IPv4 address into four decimal numbers.
  if (host.startsWith("[") || /^[\d.]+$/.test(host)) return "names an address instead of a host";
  if (!host.includes(".") || INNER.test(host)) return "names a host of an inner network";
  return null;
}
