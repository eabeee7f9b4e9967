import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mustRun } from './run.ts'
import { root } from './workspace.ts'

/**
 * Copies the working tree as it stands, without what git ignores, into a folder, and commits it there:
 * changesets reads the history.
 */
export async function copySources(destination: string, signal: AbortSignal): Promise<void> {
  const listed = await mustRun('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    signal,
  })
  for (const file of listed.split('\0')) {
    if (file === '' || !existsSync(join(root, file))) continue
    mkdirSync(dirname(join(destination, file)), { recursive: true })
    cpSync(join(root, file), join(destination, file), { verbatimSymlinks: true })
  }
  const git = (...args: string[]) => mustRun('git', args, { cwd: destination, signal })
  await git('init', '--quiet', '--initial-branch=main')
  await git('config', 'user.name', 'Rehearsal')
  await git('config', 'user.email', 'rehearsal@example.invalid')
  await git('config', 'commit.gpgsign', 'false')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'The tree as it stands')
}
