// Owns how the page looks, by day and by night. No font, picture or script comes from elsewhere.

export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #faf8f4; --card: #ffffff; --ink: #1f1b16; --quiet: #5d554a; --line: #ddd5c8;
  --accent: #8a3b2a; --on-accent: #ffffff; --star: #9a6400;
  --good: #1e6b3a; --fair: #1d5a8f; --mixed: #8a4b00; --on-badge: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #171411; --card: #211d18; --ink: #f1ebe2; --quiet: #b5aa9b; --line: #3b342c;
    --accent: #eaa98b; --on-accent: #241207; --star: #f0c25a;
    --good: #8fd6a6; --fair: #92c5f2; --mixed: #f2c07a; --on-badge: #14110d;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 0 1rem; max-width: 76rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
}
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem 1rem; background: var(--card); }
header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; padding: 1.25rem 0; }
header a { font: 600 1.5rem/1.2 Georgia, serif; color: inherit; text-decoration: none; }
main { display: grid; gap: 2rem; align-items: start; }
@media (min-width: 56rem) {
  main { grid-template-columns: 1fr 18rem; }
  aside { position: sticky; top: 1rem; }
}
main.message { display: block; min-height: 40vh; }
h1 { font: 600 1.375rem/1.3 Georgia, serif; margin: 0; }
h2 { font: 600 1.125rem/1.3 Georgia, serif; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: .75rem 0 0; }
p { margin: 0; }
.heading { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: center; margin-bottom: 1rem; }
.version { padding: .125rem .5rem; border: 1px solid var(--accent); border-radius: 1rem; color: var(--accent); font-weight: 600; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); list-style: none; margin: 0; padding: 0; }
.card, aside { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; }
.card { display: flex; flex-direction: column; gap: .25rem; }
.swatch { width: 100%; border-radius: .375rem; display: block; }
.quiet { color: var(--quiet); }
.rating { margin-top: .25rem; }
.stars { color: var(--star); letter-spacing: .05em; }
.badge { margin-left: .25rem; padding: .0625rem .5rem; border-radius: 1rem; color: var(--on-badge); font-size: .8125rem; font-weight: 600; }
.badge.good { background: var(--good); } .badge.fair { background: var(--fair); } .badge.mixed { background: var(--mixed); }
.quote { font: italic .9375rem/1.4 Georgia, serif; }
.buy { display: flex; justify-content: space-between; align-items: center; margin-top: auto; padding-top: .75rem; }
button { font: inherit; padding: .375rem .875rem; border: 0; border-radius: .375rem; background: var(--accent); color: var(--on-accent); cursor: pointer; }
button.wide { width: 100%; padding: .625rem; }
.lines { list-style: none; margin: 0; padding: 0; }
.lines li { display: flex; justify-content: space-between; gap: 1rem; }
dl { display: grid; grid-template-columns: 1fr auto; margin: .75rem 0; padding-top: .75rem; border-top: 1px solid var(--line); }
dd { margin: 0; text-align: right; }
footer { padding: 2rem 0; font-size: .875rem; }
`;
