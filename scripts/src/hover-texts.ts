import { join } from 'node:path'
import ts from 'typescript'

/**
 * Lists the options that an editor shows no text for: the fields, without documentation, of every exported type whose name ends in `Options`.
 * Fields that a library declares are documented there.
 *
 * @param entries absolute paths of the files that packages export
 * @param root the repository; only fields that are declared in it count
 * @returns `BreakerOptions.openForMs` and the like
 */
export function undocumentedOptions(entries: readonly string[], root: string): string[] {
  const config: unknown = ts.readConfigFile(join(root, 'tsconfig.base.json'), (file) =>
    ts.sys.readFile(file),
  ).config
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const program = ts.createProgram(entries, options)
  const checker = program.getTypeChecker()

  const exportsOf = (entry: string): ts.Symbol[] => {
    const source = program.getSourceFile(entry)
    const module = source && checker.getSymbolAtLocation(source)
    if (!module) throw new Error(`${entry} exports nothing.`)
    return checker.getExportsOfModule(module)
  }
  const isOurs = ({ declarations = [] }: ts.Symbol): boolean =>
    declarations.some((declaration) => {
      const { fileName } = declaration.getSourceFile()
      return fileName.startsWith(root) && !fileName.includes('/node_modules/')
    })
  const isUndocumented = (field: ts.Symbol): boolean => field.getDocumentationComment(checker).length === 0

  const found = entries.flatMap(exportsOf).flatMap((exported) => {
    if (!exported.name.endsWith('Options')) return []
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const fields = checker.getDeclaredTypeOfSymbol(symbol).getProperties()
    return fields
      .filter((field) => isOurs(field) && isUndocumented(field))
      .map(({ name }) => `${exported.name}.${name}`)
  })
  return [...new Set(found)].sort()
}
