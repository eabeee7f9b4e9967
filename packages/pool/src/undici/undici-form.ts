import { FormData as UndiciFormData } from 'undici'

export type FormEntries = Iterable<readonly [name: string, value: string | File]>

/** Converts a form into undici's FormData, which is another class than the built-in one. Files are not read. */
export function undiciForm(entries: FormEntries): UndiciFormData {
  const form = new UndiciFormData()
  for (const [name, value] of entries) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, value, value.name)
  }
  return form
}
