import { FormData as UndiciFormData } from 'undici'

export type FormEntries = Iterable<readonly [name: string, value: string | File]>

/** The built-in FormData and undici's are two classes. Files stay where they are: nothing is read here. */
export function undiciForm(entries: FormEntries): UndiciFormData {
  const form = new UndiciFormData()
  for (const [name, value] of entries) {
    if (typeof value === 'string') form.append(name, value)
    else form.append(name, value, value.name)
  }
  return form
}
