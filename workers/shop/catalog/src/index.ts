// The catalogue: what there is and what it costs.
import { AutoRouter, error, type IRequest } from "itty-router";
import { PRODUCTS } from "./products.ts";

const router = AutoRouter();

router
  .get("/products", () => ({ products: PRODUCTS }))
  .get("/products/:id", (request: IRequest) => {
    const found = PRODUCTS.find(({ id }) => id === request.params["id"]);
    return found ?? error(404, "There is no such product.");
  });

export default router;
