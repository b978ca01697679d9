// Reviews, second version: stars, a coloured badge and a buyer's word.
import { RATINGS, type Rating } from "./ratings.ts";

interface Env {
  readonly LOVED_FROM: string;
}

type Tone = "good" | "fair" | "mixed";

const VERSION = "v2";

function badge(average: number, lovedFrom: number): { label: string; tone: Tone } {
  if (average >= lovedFrom) return { label: "Loved", tone: "good" };
  if (average >= 4) return { label: "Liked", tone: "fair" };
  return { label: "Mixed", tone: "mixed" };
}

/** Stars in halves, as a page shows them. */
const withStars = (rating: Rating, env: Env) => ({
  ...rating,
  stars: Math.round(rating.average * 2) / 2,
  badge: badge(rating.average, Number(env.LOVED_FROM)),
});

const find = (id: string): Rating | undefined =>
  Object.hasOwn(RATINGS, id) ? RATINGS[id] : undefined;

/** `/reviews?product=a&product=b`: the reviews of several products at once. */
function several(ids: readonly string[], env: Env): Response {
  const reviews = ids.flatMap((id) => {
    const found = find(id);
    return found === undefined ? [] : [[id, withStars(found, env)] as const];
  });
  return Response.json({ version: VERSION, reviews: Object.fromEntries(reviews) });
}

export default {
  fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/reviews") return several(url.searchParams.getAll("product"), env);
    const id = /^\/reviews\/([a-z0-9-]+)$/.exec(url.pathname)?.[1] ?? "";
    const found = find(id);
    if (found === undefined) {
      const body = { version: VERSION, title: "Nobody reviewed that.", status: 404 };
      return Response.json(body, { status: 404 });
    }
    return Response.json({ version: VERSION, productId: id, ...withStars(found, env) });
  },
} satisfies ExportedHandler<Env>;
