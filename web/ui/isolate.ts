// A name inside a sentence, in a script that may run the other way: U+2068 and U+2069 keep it from
// turning what stands around it. Names that hold such signs themselves are refused by the protocol.

export function isolate(name: string): string {
  return `\u2068${name}\u2069`;
}
