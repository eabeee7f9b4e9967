import { expect, it } from 'vitest'
import { type Step, runSteps } from './steps.ts'

const step = (name: string, code: number, output = ''): Step => ({
  name,
  run: () => Promise.resolve({ code, output }),
})

it('goes on after a failure and shows what the failing step said', async () => {
  const lines: string[] = []
  const results = await runSteps(
    [step('build', 0, 'chatter'), step('lint', 1, 'two errors\n'), step('test', 0)],
    {
      print: (text) => lines.push(text.replace(/\d+\.\d/, '0.0')),
    },
  )
  expect(results.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['build', 'passed'],
    ['lint', 'failed'],
    ['test', 'passed'],
  ])
  expect(lines).toEqual(['✓ build    0.0 s', '✗ lint     0.0 s', 'two errors', '✓ test     0.0 s'])
})

it('takes a step that throws for a failure', async () => {
  const broken: Step = { name: 'pack', run: () => Promise.reject(new Error('no disk')) }
  const lines: string[] = []
  const [result] = await runSteps([broken], { print: (text) => lines.push(text) })
  expect(result?.outcome).toBe('failed')
  expect(lines[1]).toBe('Error: no disk')
})

it('does not repeat what was done before', async () => {
  const never: Step = { name: 'test', run: () => Promise.reject(new Error('ran')) }
  const results = await runSteps([never, step('lint', 0)], { doneBefore: ['test'], print: () => undefined })
  expect(results.map(({ outcome }) => outcome)).toEqual(['done before', 'passed'])
})

it('starts no further step after a stop was requested', async () => {
  const results = await runSteps([step('build', 0)], {
    print: () => undefined,
    signal: AbortSignal.abort('stopped'),
  })
  expect(results).toEqual([])
})

it('has failed at a step that was stopped, whatever its command says', async () => {
  const stopping = new AbortController()
  const stopped: Step = {
    name: 'stopped',
    run: () => {
      stopping.abort()
      return Promise.resolve({ code: 0, output: '' })
    },
  }
  const results = await runSteps([stopped, stopped], { print: () => undefined, signal: stopping.signal })
  expect(results).toMatchObject([{ outcome: 'failed' }])
})

it('runs as many steps at once as allowed, each after those it needs', async () => {
  const events: string[] = []
  const ends = new Map<string, () => void>()
  const held = (name: string, after: string[] = []): Step => ({
    name,
    after,
    run: async () => {
      events.push(name)
      await new Promise<void>((resolve) => ends.set(name, resolve))
      return { code: name === 'build' ? 1 : 0, output: '' }
    },
  })
  const steps = [held('build'), held('pack', ['build', 'not a step']), held('lint'), held('format')]
  const done = runSteps(steps, { atOnce: 2, print: () => undefined })
  const end = async (name: string) => {
    ends.get(name)?.()
    await new Promise(setImmediate)
    events.push('|')
  }
  for (const name of ['lint', 'format', 'build', 'pack']) await end(name)
  expect(events.join(' ')).toBe('build lint format | | pack | |')
  expect((await done).map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'lint passed',
    'format passed',
    'build failed',
    'pack passed',
  ])
})

it('says which steps wait for each other', async () => {
  const steps = [
    { ...step('one', 0), after: ['other'] },
    { ...step('other', 0), after: ['one'] },
  ]
  await expect(runSteps(steps, { print: () => undefined })).rejects.toThrow(
    'These steps wait for each other: one, other',
  )
})
