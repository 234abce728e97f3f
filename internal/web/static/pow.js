// Finds n for which SHA-256(salt + n) begins with so many zero bits.
// crypto.subtle is asked in batches, because waiting for each answer is slow.
const batch = 512

onmessage = async ({ data: { salt, bits } }) => {
  const encoder = new TextEncoder()
  for (let n = 0; ; n += batch) {
    const hashes = await Promise.all(Array.from({ length: batch }, (_, i) =>
      crypto.subtle.digest('SHA-256', encoder.encode(salt + (n + i)))))
    const found = hashes.findIndex((hash) => zeros(new DataView(hash)) >= bits)
    if (found >= 0) return postMessage(String(n + found))
  }
}

const zeros = (view) => {
  const first = Math.clz32(view.getUint32(0))
  return first < 32 ? first : 32 + Math.clz32(view.getUint32(4))
}
