// Owns reading one cookie of a request (RFC 6265, section 4.2).

/** The value of the first cookie of a name in a `cookie` header, or null. Repeats may have been joined by commas. */
export function cookieOf(header: string, name: string): string | null {
  for (const part of header.split(/[;,]/)) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}
