import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { differences, sharedState } from '../../vitest.leftovers.ts'

const target = { method: (): number => 1 }
const read = (): ReturnType<typeof sharedState> => sharedState({ target })

function set(object: object, key: string, value: unknown): () => unknown {
  const before: unknown = Reflect.get(object, key)
  Reflect.set(object, key, value)
  return () => (before === undefined ? Reflect.deleteProperty(object, key) : Reflect.set(object, key, before))
}

function listen(): () => unknown {
  const listener = (): void => undefined
  process.on('SIGUSR2', listener)
  return () => process.off('SIGUSR2', listener)
}

function fakeTimers(): () => unknown {
  vi.useFakeTimers({ toFake: ['setInterval'] })
  return () => vi.useRealTimers()
}

describe('the state that test files share', () => {
  it.each<[name: string, change: () => () => unknown]>([
    ['process.env.HARBOR_LEFT', () => set(process.env, 'HARBOR_LEFT', 'yes')],
    ['process.env.PATH', () => set(process.env, 'PATH', '/')],
    ['globalThis.fetch', () => set(globalThis, 'fetch', () => undefined)],
    ['globalThis.left', () => set(globalThis, 'left', () => undefined)],
    ['Response.prototype.text', () => set(Response.prototype, 'text', () => undefined)],
    ['target.method', () => set(target, 'method', () => 2)],
    ['a listener of the process for SIGUSR2', listen],
    ['fake timers', fakeTimers],
  ])('differs after a change of %s, until it is undone', (name, change) => {
    const before = read()
    const undo = change()
    onTestFinished(() => void undo())
    expect(differences(before, read())).toContain(name)
    undo()
    expect(differences(before, read())).toEqual([])
  })
})
