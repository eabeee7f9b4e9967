import { expect, it } from 'vitest'
import { findNamed, listNamed } from './named-file.ts'

it('finds a file by its name', () => {
  expect(findNamed('scripts', '.ts', 'bench')).toMatch(/scripts[\\/]bench\.ts$/)
})

it('finds a program of several files by the name of its folder', () => {
  expect(findNamed('examples', '.ts', 'fleet')).toMatch(/examples[\\/]fleet[\\/]main\.ts$/)
  expect(listNamed('examples', '.ts')).toContain('fleet')
})

it('names what there is when the name is missing or wrong', () => {
  expect(() => findNamed('scripts', '.ts', undefined)).toThrow(/^Which one\?\nThere are:\n[^]* {2}bench\n/)
  expect(() => findNamed('scripts', '.ts', 'nothing')).toThrow(/^There is no scripts\/nothing\.ts\./)
})

it('lists no tests and nothing that was installed', () => {
  expect(listNamed('scripts', '.ts').filter((name) => /\.test$|node_modules/.test(name))).toEqual([])
})
