import { stripTypeScriptTypes } from 'node:module'

/** TypeScript without its types: an ES module that any Node runs. */
export function asModule(typescript: string): string {
  return stripTypeScriptTypes(typescript, { mode: 'strip' })
}

/** The same program as CommonJS: what it imports it requires, and what it awaits at its top it awaits in a function. */
export function asCommonJs(typescript: string): string {
  const requires: string[] = []
  const body = asModule(typescript)
    .replaceAll(
      importStatement,
      (_, defaultName?: string, namespace?: string, names?: string, _quote?: string, from = '') => {
        const source = `require('${from}')`
        if (defaultName !== undefined) requires.push(`const ${defaultName} = ${source}.default ?? ${source}`)
        if (namespace !== undefined) requires.push(`const ${namespace} = ${source}`)
        if (names !== undefined) requires.push(`const {${names.replaceAll(/\s+as\s+/g, ': ')}} = ${source}`)
        if ((defaultName ?? namespace ?? names) === undefined) requires.push(source)
        return ''
      },
    )
    .replaceAll(/^export (?!default)/gm, '')
  return `'use strict'\n${requires.join('\n')}\nasync function main() {\n${body}\n}\nvoid main()\n`
}

/** The modules that a program imports, each once. Imports of types alone count, too: they are looked up to check types. */
export function importedFrom(typescript: string): string[] {
  const all = typescript.matchAll(/^import\s(?:[^'"]*?\sfrom\s*)?(['"])([^'"]+)\1/gm)
  return [...new Set(Array.from(all, ([, , specifier = '']) => specifier))]
}

// import 'm' · import a from 'm' · import * as a from 'm' · import { a, b as c } from 'm' · import a, { b } from 'm'
const importStatement =
  /^import\s+(?:([\w$]+)?\s*,?\s*(?:\*\s*as\s+([\w$]+)|\{([^}]*)\})?\s*from\s*)?(['"])([^'"]+)\4;?/gm
