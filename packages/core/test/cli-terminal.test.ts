import type { Rule } from '@harbor/simulator'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Bench, BULK, prompts, until } from './helpers/cli-process.ts'
import { CTRL_C, hasTerminals, screenOf, startInTerminal } from './helpers/terminal.ts'

if (!hasTerminals)
  console.warn(
    'There is no `script` of util-linux here, so the tests of the command in a terminal are skipped.',
  )

describe.skipIf(!hasTerminals)('harbor bulk in a terminal', () => {
  it.each([60, 200])(
    'redraws its progress in one line, never longer than the %i columns of the terminal',
    async (columns) => {
      const bench = await Bench.with(prompts(40), { latency: 150 })
      const command = startInTerminal(bench, columns, [...BULK, '--concurrency', '4', '--price', '1000,2000'])
      await until(() => drawings(command.sent()).length >= 3)
      expect(screenOf(command.sent(), columns).lines).toHaveLength(1)
      expect(await command.ended).toBe(0)

      const drawn = drawings(command.sent())
      expect(drawn.length).toBeGreaterThan(5)
      expect(new Set(drawn).size).toBeGreaterThan(5)
      // The last one stays, and may be continued below.
      for (const line of drawn.slice(0, -1)) expect(line.length).toBeLessThanOrEqual(columns - '^C'.length)
      expect(drawn[0]).toMatch(/^[█░]{20} \d+ % \d+\/40 · /)
      if (columns === 60) expect(drawn[0]).toMatch(/…$/)
      const { lines, column } = screenOf(command.sent(), columns)
      expect(lines[0]).toMatch(/^█{20} 100 % 40\/40 · /)
      expect(lines.join('')).toMatch(/40 answered · .*harbor: The answers are in answers\.jsonl\./)
      expect([lines.at(-1), column]).toEqual(['', 0])
    },
  )

  it('assumes 80 columns if the terminal does not report its width', async () => {
    const bench = await Bench.with(prompts(8), { latency: 300 })
    const command = startInTerminal(bench, 0, [...BULK, '--concurrency', '4'])
    expect(await command.ended).toBe(0)
    const [first = ''] = drawings(command.sent())
    expect(first).toMatch(/^[█░]{20} \d+ % \d\/8 · /)
    expect(first.length).toBeLessThan(80)
  })

  it('writes a note to a line of its own, and draws again below', async () => {
    const bench = await Bench.with([...prompts(8), 'no JSON'], { latency: 400 })
    const command = startInTerminal(bench, 120, [...BULK, '--concurrency', '4'])
    expect(await command.ended).toBe(1)
    const { lines } = screenOf(command.sent(), 120)
    expect(lines[0]).toMatch(/^harbor: line 9 .* is not valid JSON$/)
    expect(lines[1]).toMatch(/^█{20} 100 % 8\/8 · (?:\$[\d.]+ · )?1 bad line · /)
  })

  it('sends no more on Ctrl-C, awaits requests in flight, exits with 130, and continues with --resume', async () => {
    const bench = await Bench.with(prompts(40), { latency: 300 })
    const command = startInTerminal(bench, 120, [...BULK, '--concurrency', '4'])
    await until(() => bench.provider.counts().calls >= 8 && drawings(command.sent()).length > 1)
    command.type(CTRL_C)
    expect(await command.ended).toBe(130)
    const { calls, aborts } = bench.provider.counts()
    expect(aborts).toBe(0)
    expect(calls).toBeLessThan(40)
    const { lines, column } = screenOf(command.sent(), 120)
    // The terminal shows the key at the cursor: at the end of the line that is redrawn.
    expect(lines.join('\n')).not.toContain('^C')
    expect(lines[0]).toMatch(/^harbor: Stopping: \d requests in flight get their answers\./)
    expect(lines[1]).toMatch(new RegExp(`^[█░]{20} \\d+ % ${calls}/40 · .* · stopping$`))
    expect(lines.slice(2, -1).join('')).toMatch(/harbor: Not finished\. .* --resume continues\.$/)
    expect([lines.at(-1), column]).toEqual(['', 0])

    expect(await startInTerminal(bench, 120, [...BULK, '--resume']).ended).toBe(0)
    expect(bench.output()).toHaveLength(40)
    expect(bench.provider.counts().calls).toBe(40)
  })

  it('ends at once on a second Ctrl-C, with the cursor in a line of its own and all answers stored', async () => {
    const rules: Rule[] = [{ when: { call: { from: 5 } }, fault: { type: 'hang' } }]
    const bench = await Bench.with(prompts(12), { rules })
    const command = startInTerminal(bench, 120, [...BULK, '--concurrency', '4'])
    await until(() => bench.provider.counts().calls === 8)
    command.type(CTRL_C)
    await until(() => command.sent().includes('Ctrl-C again ends at once'))
    const before = drawings(command.sent()).length
    await until(() => drawings(command.sent()).length > before)
    command.type(CTRL_C)
    expect(await command.ended).toBe(130)
    const { lines, column } = screenOf(command.sent(), 120)
    expect(lines.join('\n')).not.toContain('^C')
    expect(lines.slice(2, -1).join('')).toMatch(/^harbor: Not finished\. .* --resume continues\.$/)
    expect([lines.at(-1), column]).toEqual(['', 0])
    expect(existsSync(bench.path('answers.jsonl.journal.lock'))).toBe(false)
    bench.provider.script({})
    expect((await bench.bulk('--resume').ended).code).toBe(0)
    expect(bench.output()).toHaveLength(12)
    expect(bench.provider.counts().calls).toBe(8 + 8)
  })
})

/** Each progress line that was drawn over the one before. */
function drawings(sent: string): string[] {
  // eslint-disable-next-line no-control-regex -- starts a line again
  return [...sent.matchAll(/\r\u001b\[K([█░][^\r\n\u001b]*)/g)].map(([, line = '']) => line)
}
