import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startHarbor } from './helpers/cli-process.ts'
import { simulate } from './helpers/harbor-for.ts'

it('harbor bulk --page says in one line what to install, and sends nothing, where the page is not installed', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'harbor-page-')))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'in.jsonl'), '"Hello"\n')
  const provider = await simulate()
  const args = ['bulk', 'in.jsonl', '--out', 'out.jsonl', '--model', 'gpt-5', '--page']
  const { code, stdout, stderr } = await startHarbor(args, { baseURL: provider.baseURL, cwd: folder }).ended
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'harbor: --page needs @harbor/devtools, which is not installed here: npm install @harbor/devtools\n',
  })
  expect(provider.counts().calls).toBe(0)
})
