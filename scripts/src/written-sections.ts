/**
 * A part of a README that a program writes, between two comments that are not rendered:
 *
 *     <!-- bench: retry sizes -->   …   <!-- /bench -->       what `pnpm bench retry --write` measures
 *     <!-- results: where we stand --> … <!-- /results -->    what the kept results of all benches come to
 *     <!-- output: pnpm demo -->    …   <!-- /output -->      what `pnpm readme --write` sees printed
 */
export interface WrittenSection {
  kind: 'bench' | 'results' | 'output'
  /** For a bench its name, and the name of the section if it has several; for an output the command. */
  name: string
  text: string
}

// A mark is a line of its own, so that one may also be talked about.
const section = /^<!-- (bench|results|output): (.+?) -->\n([^]*?)^<!-- \/\1 -->$/gm
const mark = /^<!-- \/?(bench|results|output)\b.*?-->$/gm

/** @throws Error for a mark that stands alone */
export function writtenSections(markdown: string): WrittenSection[] {
  const [single] = markdown.replaceAll(section, '').match(mark) ?? []
  if (single !== undefined) throw new Error(`${single} has no other half`)
  return [...markdown.matchAll(section)].map(([, kind, name = '', text = '']) => ({
    kind: kind as WrittenSection['kind'],
    name,
    text: text.trim(),
  }))
}

/** The document with this text in its section of that name; as it was if it has none. */
export function withSection(markdown: string, { kind, name, text }: WrittenSection): string {
  return markdown.replaceAll(section, (whole, itsKind: string, itsName: string) =>
    itsKind === kind && itsName === name
      ? `<!-- ${kind}: ${name} -->\n\n${text}\n\n<!-- /${kind} -->`
      : whole,
  )
}
