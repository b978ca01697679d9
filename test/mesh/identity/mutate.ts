// Owns small random damage to a text: what an attacker or a broken proxy would do to a proof.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~./|=:%\u0000é ";

/** The text with one to three characters replaced, inserted, removed, swapped or repeated; never the text itself. */
export const mutated = (text: string, random: () => number): string => {
  let result = text;
  const edits = 1 + Math.floor(random() * 3);
  for (let i = 0; i < edits || result === text; i += 1) result = edited(result, random);
  return result;
};

const edited = (text: string, random: () => number): string => {
  const at = Math.floor(random() * (text.length + 1));
  const character = ALPHABET.charAt(Math.floor(random() * ALPHABET.length));
  const [head, tail] = [text.slice(0, at), text.slice(at)];
  switch (Math.floor(random() * 6)) {
    case 0:
      return head + character + tail;
    case 1:
      return head + tail.slice(1);
    case 2:
      return head + tail.charAt(1) + tail.charAt(0) + tail.slice(2);
    case 3:
      return head + tail.slice(0, 5) + tail;
    case 4:
      return head;
    default:
      return head + character + tail.slice(1);
  }
};
