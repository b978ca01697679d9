// Reviews, first version: an average and how many said so.

interface Rating {
  readonly average: number;
  readonly count: number;
}

const VERSION = "v1";

const RATINGS: Readonly<Record<string, Rating>> = {
  loom: { average: 4.7, count: 212 },
  shuttle: { average: 4.4, count: 98 },
  "reed-hook": { average: 4.1, count: 57 },
  linen: { average: 4.6, count: 143 },
  wool: { average: 3.9, count: 76 },
  towel: { average: 4.8, count: 301 },
  scarf: { average: 4.3, count: 64 },
  throw: { average: 3.4, count: 29 },
};

const rating = (id: string): Rating | undefined =>
  Object.hasOwn(RATINGS, id) ? RATINGS[id] : undefined;

/** `/reviews?product=a&product=b`: the ratings of several products at once. */
function several(ids: readonly string[]): Response {
  const reviews = Object.fromEntries(ids.flatMap((id) => (rating(id) ? [[id, rating(id)]] : [])));
  return Response.json({ version: VERSION, reviews });
}

export default {
  fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/reviews") return several(url.searchParams.getAll("product"));
    const id = /^\/reviews\/([a-z0-9-]+)$/.exec(url.pathname)?.[1] ?? "";
    const found = rating(id);
    if (found === undefined) {
      return Response.json(
        { version: VERSION, title: "Nobody reviewed that.", status: 404 },
        { status: 404 },
      );
    }
    return Response.json({ version: VERSION, productId: id, ...found });
  },
} satisfies ExportedHandler;
