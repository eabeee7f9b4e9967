import { expect, it } from 'vitest'
import { asCommonJs, asModule, importedFrom } from './first-example.ts'

const requires = (typescript: string) =>
  asCommonJs(typescript)
    .split('\n')
    .filter((line) => line.includes('require('))

it('takes the types away', () => {
  expect(asModule('const n: number = 1').replaceAll(/ +/g, ' ')).toBe('const n = 1')
})

it('turns every form of import into a require', () => {
  expect(requires("import 'm'")).toEqual(["require('m')"])
  expect(requires("import a from 'm'")).toEqual(["const a = require('m').default ?? require('m')"])
  expect(requires("import * as a from 'm'")).toEqual(["const a = require('m')"])
  expect(requires("import { a, b as c } from 'm'")).toEqual(["const { a, b: c } = require('m')"])
  expect(requires("import a, { b } from 'm';")).toEqual([
    "const a = require('m').default ?? require('m')",
    "const { b } = require('m')",
  ])
  expect(requires("import {\n  a,\n  b,\n} from 'm'").join()).toContain("= require('m')")
})

it('forgets imports of types alone', () => {
  expect(requires("import type { A } from 'm'\nimport { type B, c } from 'n'").join()).toMatch(
    /^const \{.*c \} = require\('n'\)$/,
  )
})

it('lists what a program imports, each module once', () => {
  const program = `import 'a'
import b, {
  c,
} from "b"
import type { D } from '@scope/d/e'
import { once } from 'node:events'
import * as again from 'a'
const text = "import x from 'no'"`
  expect(importedFrom(program)).toEqual(['a', 'b', '@scope/d/e', 'node:events'])
})

it('gives what is awaited at the top a function to be awaited in', () => {
  const code = asCommonJs("import { a } from 'm'\nexport const b = await a()")
  expect(code).toContain(
    "'use strict'\nconst { a } = require('m')\nasync function main() {\n\nconst b = await a()\n}\nvoid main()",
  )
})
