// A copy of a text in memory of its own. Engines represent a slice as a view of the text it was cut from, and a concatenation as a
// tree of its parts; a binding that held such a text would keep all headers of its REGISTER (up to 32 KiB) as long as it lives.

export function ownText(text: string): string {
  const codes: number[] = [];
  for (let i = 0; i < text.length; i++) codes.push(text.charCodeAt(i));
  return String.fromCharCode(...codes);
}
