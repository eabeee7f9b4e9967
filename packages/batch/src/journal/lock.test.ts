import { fork, type ChildProcess } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshPaths } from '../../test/folder.ts'
import { JournalLockedError } from './errors.ts'
import { openJournal } from './open-journal.ts'

const freshPath = freshPaths()

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error as Error,
  )
}

async function opensAndCloses(path: string): Promise<void> {
  await (await openJournal(path)).close()
  expect(existsSync(`${path}.lock`)).toBe(false)
}

/** The content of a lock file that this process has written. */
async function ownLock(): Promise<Record<string, unknown>> {
  const path = freshPath()
  await using _ = await openJournal(path)
  return JSON.parse(readFileSync(`${path}.lock`, 'utf8')) as Record<string, unknown>
}

/** Starts a process that has the journal open. */
async function holder(path: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, '../../test/fixtures/journal-holder.ts'), [path], {
    execArgv: ['--conditions=@harbor/source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await new Promise((resolve) => child.once('message', resolve))
  return child
}

describe('the lock of a journal', () => {
  it('makes a second process fail fast, and is taken over after kill -9', async () => {
    const path = freshPath()
    const child = await holder(path)
    const error = await failure(openJournal(path))
    expect(JournalLockedError.is(error)).toBe(true)
    expect(error).toMatchObject({ code: 'journal_locked', path, pid: child.pid, host: hostname() })
    expect(error.message).toContain(`is in use by process ${child.pid}`)
    const exit = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exit
    const journal = await openJournal(path)
    expect(journal.size).toBe(1)
    await journal.close()
  })

  it('holds within one process, under every name of the file', async () => {
    const path = freshPath()
    const journal = await openJournal(path)
    const other = freshPath()
    symlinkSync(path, other)
    for (const name of [path, other]) {
      expect((await failure(openJournal(name))).message).toContain('is in use by this process')
    }
    await journal.close()
    await opensAndCloses(other)
  })

  it('holds for a hard link, in this process and in another one', async () => {
    const path = freshPath()
    const other = join(mkdtempSync(join(tmpdir(), 'harbor-hard-link-')), 'linked.jsonl')
    const journal = await openJournal(path)
    linkSync(path, other)
    const error = await failure(openJournal(other))
    expect(JournalLockedError.is(error)).toBe(true)
    expect(error.message).toContain('is in use by this process')
    expect(existsSync(`${other}.lock`)).toBe(false)
    await journal.close()
    const child = await holder(path)
    expect((await failure(openJournal(other))).message).toContain(`is in use by process ${child.pid}`)
    const exit = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exit
    await opensAndCloses(other)
    await opensAndCloses(path)
    rmSync(dirname(other), { recursive: true })
  })

  it('goes to exactly one of several who take it over at once', async () => {
    const path = freshPath()
    const stale = JSON.stringify({ ...(await ownLock()), startedAt: '1' })
    for (let round = 0; round < 20; round++) {
      writeFileSync(`${path}.lock`, stale)
      const opened = await Promise.allSettled(Array.from({ length: 8 }, () => openJournal(path)))
      const journals = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      for (const each of opened) {
        if (each.status === 'rejected') expect(JournalLockedError.is(each.reason)).toBe(true)
      }
      expect(journals).toHaveLength(1)
      await journals[0]?.close()
      expect(readdirSync(dirname(path)).filter((name) => name.includes('.lock'))).toEqual([])
    }
  })

  it('is taken over also after a process was killed while taking it over', async () => {
    const path = freshPath()
    const own = await ownLock()
    const stale = (token: string): string => JSON.stringify({ ...own, startedAt: '1', token })
    writeFileSync(`${path}.lock`, stale('first'))
    writeFileSync(`${path}.lock.first`, stale('second'))
    writeFileSync(`${path}.lock.first.second`, stale('third'))
    await opensAndCloses(path)
    expect(readdirSync(dirname(path)).filter((name) => name.includes('.lock'))).toEqual([])
  })

  it.runIf(process.platform === 'linux').each<[string, object, 'taken over' | 'respected']>([
    ['with our own number, started at another time', { startedAt: '1' }, 'taken over'],
    ['whose number another one has now', { pid: process.ppid, startedAt: '1' }, 'taken over'],
    ['whose number nobody has', { pid: 2 ** 22 + 1 }, 'taken over'],
    ['from before the machine was started', { boot: 'another' }, 'taken over'],
    ['on another machine', { host: 'another' }, 'respected'],
    ['in another container', { namespace: 'pid:[1]' }, 'respected'],
  ])('of a process %s is %s', async (_name, facts, what) => {
    const path = freshPath()
    const lock = JSON.stringify({ ...(await ownLock()), ...facts })
    writeFileSync(`${path}.lock`, lock)
    if (what === 'taken over') {
      await opensAndCloses(path)
      return
    }
    expect((await failure(openJournal(path))).message).toContain(`delete ${path}.lock`)
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe(lock)
  })

  it('is respected when it cannot be read', async () => {
    const path = freshPath()
    writeFileSync(`${path}.lock`, 'half a lo')
    expect(await failure(openJournal(path))).toMatchObject({ code: 'journal_locked' })
  })
})
