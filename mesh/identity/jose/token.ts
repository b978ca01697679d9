// Verifies tokens and proofs with every algorithm jose knows: for origins that are no Workers, and for control.
import { verifyTokenBy, type TokenRules, type TokenVerdict } from "../outward/token.ts";
import {
  verifyRequestBy,
  verifyResponseBy,
  type Message,
  type ProofRules,
  type ProofVerdict,
  type RequestRules,
} from "../outward/wimse.ts";
import { checkJws } from "./jws.ts";

/** Verifies a token; nothing of it is fetched, and every fault denies. */
export const verifyToken = (token: string, rules: TokenRules): Promise<TokenVerdict> =>
  verifyTokenBy(checkJws, token, rules);

/** Verifies a request; everything of it that carries meaning has to be covered. */
export const verifyRequest = (message: Message, rules: RequestRules): Promise<ProofVerdict> =>
  verifyRequestBy(checkJws, message, rules);

/** Verifies the response to `message.request`. */
export const verifyResponse = (message: Message, rules: ProofRules): Promise<ProofVerdict> =>
  verifyResponseBy(checkJws, message, rules);
