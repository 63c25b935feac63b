/** How deep the objects and lists of a JSON text are in each other, counted without reading it. */
export function nestingOf(text: string): number {
  let [depth, deepest, isInText] = [0, 0, false]
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]
    if (isInText) {
      if (letter === '\\') i++
      else if (letter === '"') isInText = false
    } else if (letter === '"') isInText = true
    else if (letter === '{' || letter === '[') deepest = Math.max(deepest, ++depth)
    else if (letter === '}' || letter === ']') depth--
  }
  return deepest
}
