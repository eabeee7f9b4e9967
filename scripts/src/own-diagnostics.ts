/**
 * The errors that a compiler printed, without those in declarations of other people's packages. Some of these do not type-check without
 * `skipLibCheck`, which their own users set.
 *
 * @param output of `tsc --pretty false`, which ended with an error
 * @returns each error with its indented lines; the whole output if it names no error at all
 */
export function ownDiagnostics(output: string): string[] {
  const all = output.trim().split(/\n(?!\s)/)
  if (!all.some((text) => DIAGNOSTIC.test(text))) return [output]
  return all.filter((text) => !isOthers(DIAGNOSTIC.exec(text)?.groups?.['file'] ?? ''))
}

/** `node_modules/a/index.d.ts(1,2): error TS2307: …` */
const DIAGNOSTIC = /^(?<file>[^\n(]+)\(\d+,\d+\): error TS\d+/

function isOthers(file: string): boolean {
  const [, name] = /.*node_modules[/\\](.*)/.exec(file) ?? []
  return name !== undefined && !name.startsWith('@harbor')
}
