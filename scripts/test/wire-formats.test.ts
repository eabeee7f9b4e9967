import { join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { root } from '../src/workspace.ts'

const SRC = join(root, 'packages/core/src')
const PROTOCOLS = join(SRC, 'protocols')
/** Folders that read objects of unknown fields that no provider sent: options of the user and of the SDK, files, the command's lines. */
const OTHER_OBJECTS = ['base', 'cli', 'openai-sdk', 'options', 'policy'].map((folder) => join(SRC, folder))

/**
 * Only a protocol's folder knows its wire format. Types show who else does: a parsed body is an object whose fields have no names and
 * no types, so reading a field of it by name is knowledge of its format, whatever the field is called.
 */
describe('core, outside its protocols', () => {
  const program = programOf(join(root, 'packages/core/tsconfig.json'))
  const checker = program.getTypeChecker()
  const files = program
    .getSourceFiles()
    .filter(({ fileName }) => isWithin(fileName, SRC) && !fileName.endsWith('.test.ts'))
  const others = files.filter(({ fileName }) => !isWithin(fileName, PROTOCOLS))

  it('reads no field of a parsed body by its name', () => {
    const judged = others.filter(
      ({ fileName }) => !OTHER_OBJECTS.some((folder) => isWithin(fileName, folder)),
    )
    expect(judged.length).toBeGreaterThan(100)
    expect(found(judged, (node) => fieldReadBy(node, checker))).toEqual([])
  })

  it('decides nothing by the name of a protocol or of an operation', () => {
    expect(found(others, (node) => nameDecidedBy(node, checker))).toEqual([])
  })

  it('is checked by rules that find such code in the protocols themselves', () => {
    const inside = files.filter(({ fileName }) => isWithin(fileName, PROTOCOLS))
    expect(found(inside, (node) => fieldReadBy(node, checker)).length).toBeGreaterThan(50)
    const source = `import type { Operation } from './protocols/protocol.ts'
      import type { Receipt } from './reporting/receipt.ts'
      declare const operation: Operation
      declare const receipt: Receipt
      if (receipt.operation === 'chat') {}
      const { name } = operation
      if (operation.name === 'chat' || name) {}
      switch (operation.name) {}
      ;['chat'].includes(operation.name)
      ;({ chat: 1 })[operation.name]
      /chat/.test(operation.name)
      const alias = operation.name
      export const allowed = { operation: operation.name, words: \`\${operation.name}\` }`
    expect(namesIn(source)).toHaveLength(8)
  })
})

function isWithin(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`)
}

function programOf(config: string, more: readonly string[] = []): ts.Program {
  const { config: json } = ts.readConfigFile(config, ts.sys.readFile) as { config: unknown }
  const { fileNames, options } = ts.parseJsonConfigFileContent(json, ts.sys, join(config, '..'))
  return ts.createProgram([...fileNames.filter((file) => isWithin(file, SRC)), ...more], options)
}

function found(files: readonly ts.SourceFile[], find: (node: ts.Node) => string | undefined): string[] {
  return files.flatMap((file) => {
    const lines: string[] = []
    const visit = (node: ts.Node): void => {
      const what = find(node)
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
      if (what !== undefined) lines.push(`${relative(root, file.fileName)}:${line + 1} ${what}`)
      ts.forEachChild(node, visit)
    }
    visit(file)
    return lines
  })
}

/** The field that a piece of code reads from an object of unknown fields: `body['usage']`, `const { usage } = body`, `'usage' in body`. */
function fieldReadBy(node: ts.Node, checker: ts.TypeChecker): string | undefined {
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    const { text } = node.argumentExpression
    return isUnknownField(checker.getTypeAtLocation(node.expression), text, checker) ? text : undefined
  }
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent) && !node.dotDotDotToken) {
    const name = node.propertyName ?? node.name
    if (!ts.isIdentifier(name) && !ts.isStringLiteral(name)) return undefined
    return isUnknownField(checker.getTypeAtLocation(node.parent), name.text, checker) ? name.text : undefined
  }
  if (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.InKeyword &&
    ts.isStringLiteralLike(node.left)
  ) {
    const { text } = node.left
    return isUnknownField(checker.getTypeAtLocation(node.right), text, checker) ? text : undefined
  }
  return undefined
}

/** Whether a type says nothing of this field but that it may be there, with any value. */
function isUnknownField(type: ts.Type, field: string, checker: ts.TypeChecker): boolean {
  const parts = type.isUnion() ? type.types : [type]
  return parts.some((part) => {
    const known = checker.getPropertyOfType(part, field)
    const index = checker.getIndexInfoOfType(part, ts.IndexKind.String)
    return !known && index !== undefined && (index.type.flags & ts.TypeFlags.Unknown) !== 0
  })
}

/** A use of the name of an `Operation` or `Protocol` other than to report it: as the value of a field, or in a text. */
function nameDecidedBy(node: ts.Node, checker: ts.TypeChecker): string | undefined {
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = node.propertyName ?? node.name
    const isName = ts.isIdentifier(name) && name.text === 'name'
    return isName && isNamed(checker.getTypeAtLocation(node.parent)) ? node.getText() : undefined
  }
  if (!ts.isPropertyAccessExpression(node)) return undefined
  if (node.name.text === 'operation' && isReceipt(checker.getTypeAtLocation(node.expression)))
    return isCompared(node) ? node.getText() : undefined
  if (node.name.text !== 'name') return undefined
  if (!isNamed(checker.getTypeAtLocation(node.expression))) return undefined
  const user = ts.isAsExpression(node.parent) ? node.parent.parent : node.parent
  return ts.isPropertyAssignment(user) || ts.isTemplateSpan(user) ? undefined : node.getText()
}

/** A receipt repeats the name of its operation, which may be shown there, and not compared. */
function isReceipt(type: ts.Type): boolean {
  return ['Receipt', 'OpenReceipt'].includes((type.symbol as ts.Symbol | undefined)?.name ?? '')
}

function isCompared({ parent }: ts.Node): boolean {
  if (ts.isBinaryExpression(parent)) return parent.operatorToken.kind !== ts.SyntaxKind.EqualsToken
  return ts.isSwitchStatement(parent) || ts.isElementAccessExpression(parent)
}

function isNamed(type: ts.Type): boolean {
  const parts = type.isUnion() ? type.types : [type]
  return parts.some(({ symbol }) =>
    ['Operation', 'Protocol'].includes((symbol as ts.Symbol | undefined)?.name ?? ''),
  )
}

function namesIn(source: string): string[] {
  const name = join(SRC, 'made-up.ts')
  const { options } = ts.parseJsonConfigFileContent({}, ts.sys, SRC)
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (file, ...more) =>
    file === name ? ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true) : read(file, ...more)
  const program = ts.createProgram([name], options, host)
  const file = program.getSourceFile(name)
  return file ? found([file], (node) => nameDecidedBy(node, program.getTypeChecker())) : []
}
