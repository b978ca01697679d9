// Owns reading one parameter of a raw query: the first listed value counts (Gateway API HTTPQueryParamMatch).

/** First value of a parameter, percent-decoded; null where it is not listed. `+` stays, a bad escape stays as it is. */
export const queryValue = (query: string, name: string): string | null => {
  let start = 0;
  while (start < query.length) {
    const found = query.indexOf("&", start);
    const end = found < 0 ? query.length : found;
    const equals = query.indexOf("=", start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    if (decoded(query.slice(start, nameEnd)) === name)
      return decoded(query.slice(nameEnd + 1, end));
    start = end + 1;
  }
  return null;
};

const decoded = (raw: string): string => {
  if (!raw.includes("%")) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
};
