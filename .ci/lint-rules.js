// Lint rules of our own, for what oxlint has no rule for. Loaded by .oxlintrc.json.

/** `import { z } from "zod"` puts 768 KiB into a bundle, `import * as z from "zod"` 191 (measured). */
const zodNamespace = {
  meta: { type: "problem", docs: { description: "zod is imported as a namespace" } },
  create(context) {
    const message = 'Write `import * as z from "zod"`: a named import takes in all of zod.';
    const isZod = (node) => /^zod(\/|$)/.test(node.source?.value ?? "");
    return {
      ImportDeclaration(node) {
        if (!isZod(node) || node.importKind === "type") return;
        for (const specifier of node.specifiers) {
          if (specifier.type !== "ImportNamespaceSpecifier") context.report({ node, message });
        }
      },
      ExportNamedDeclaration(node) {
        if (isZod(node) && node.exportKind !== "type") context.report({ node, message });
      },
      ExportAllDeclaration(node) {
        if (isZod(node) && node.exportKind !== "type") context.report({ node, message });
      },
    };
  },
};

/** `new Date()` and `Date()` read the clock; `new Date(nowMs)` does not. */
const noAmbientDate = {
  meta: { type: "problem", docs: { description: "the time comes in as a parameter" } },
  create(context) {
    const check = (node) => {
      const isDate = node.callee.type === "Identifier" && node.callee.name === "Date";
      const readsClock = node.type === "CallExpression" || node.arguments.length === 0;
      if (isDate && readsClock) {
        context.report({ node, message: "The time comes in as a parameter (`now`)." });
      }
    };
    return { NewExpression: check, CallExpression: check };
  },
};

export default {
  meta: { name: "heddle" },
  rules: { "zod-namespace": zodNamespace, "no-ambient-date": noAmbientDate },
};
