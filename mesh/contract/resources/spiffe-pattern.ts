// Owns how resources name SPIFFE ids: exactly, or all that begin alike.
import * as z from "zod";
import { problem } from "./problem.ts";

/** A trust domain (SPIFFE-ID.md section 2.1). */
export const trustDomainSchema: z.ZodString = z
  .string()
  .max(255)
  .regex(
    /^[a-z0-9._-]+$/,
    problem(
      "is not a trust domain",
      "Write lower-case letters, digits, dots, hyphens and underscores.",
    ),
  );

/** A SPIFFE id, or a prefix of some that ends with a whole segment and `/*`. */
export const spiffePatternSchema: z.ZodString = z
  .string()
  .max(2048)
  .regex(
    /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*(?:\/\*)?$/,
    problem(
      "is not a SPIFFE id",
      "Write spiffe://domain/path, or spiffe://domain/path/* for all below a path.",
    ),
  );
