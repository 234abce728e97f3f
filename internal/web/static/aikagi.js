// Everything here only helps: each page works without it.
const $ = (selector, root = document) => [...root.querySelectorAll(selector)]

// What the page has to say first: broken rules, or what was just done.
$('[data-focus]')[0]?.focus()

for (const button of $('.show')) {
  const input = document.getElementById(button.getAttribute('aria-controls'))
  const show = (on) => {
    input.type = on ? 'text' : 'password'
    button.setAttribute('aria-pressed', on)
    button.textContent = on ? button.dataset.hide : button.dataset.show
  }
  button.hidden = false
  button.addEventListener('click', () => show(input.type === 'password'))
  input.form?.addEventListener('submit', () => show(false))
}

// Rules of a new password tick while it is typed. The server decides.
const kept = {
  length: (text, n) => [...text].length >= n,
  lower: (text) => /\p{Ll}/u.test(text),
  upper: (text) => /\p{Lu}/u.test(text),
  digit: (text) => /\d/.test(text),
}
for (const list of $('.rules')) {
  const input = list.parentElement.querySelector('input')
  const said = list.parentElement.querySelector('[data-rules-said]')
  input.addEventListener('input', () => {
    for (const item of $('[data-rule]', list)) {
      const met = kept[item.dataset.rule]?.(input.value, +item.dataset.n) ?? false
      if (met && !item.classList.contains('met')) {
        said.textContent = list.dataset.met.replace('{rule}', item.textContent)
      }
      item.classList.toggle('met', met)
    }
  })
}

for (const button of $('[data-copy]')) {
  if (!navigator.clipboard) continue
  button.hidden = false
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.dataset.copy)
    const label = button.textContent
    button.textContent = button.dataset.done
    setTimeout(() => { button.textContent = label }, 2000)
  })
}

for (const button of $('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => print())
}

// The proof of work runs beside the page, which stays usable.
for (const box of $('.pow')) {
  const [field, button, bar, status] = ['input', 'button', 'progress', '[role=status]'].map((s) => box.querySelector(s))
  button.hidden = false
  button.addEventListener('click', () => {
    const worker = new Worker(box.dataset.worker)
    const end = (text) => {
      worker.terminate()
      bar.hidden = true
      status.textContent = text
    }
    button.hidden = true
    bar.hidden = false
    status.textContent = box.dataset.busy
    worker.onerror = () => { end(box.dataset.failed); button.hidden = false }
    worker.onmessage = ({ data }) => { field.value = data; end(box.dataset.done) }
    worker.postMessage({ salt: box.dataset.salt, bits: +box.dataset.bits })
  })
}

// A button, or a form with one, with data-wait="60" is usable after so many seconds.
for (const box of $('[data-wait]')) {
  const button = box.querySelector('button') ?? box
  const label = button.textContent
  const until = Date.now() + box.dataset.wait * 1000
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000)
    button.textContent = left > 0 ? `${label} (${left})` : label
    button.setAttribute('aria-disabled', left > 0)
    if (left > 0) setTimeout(tick, 500)
  }
  button.addEventListener('click', (event) => { if (Date.now() < until) event.preventDefault() })
  tick()
}

// <details data-open-after="60"> opens by itself.
for (const d of $('[data-open-after]')) setTimeout(() => { d.open = true }, d.dataset.openAfter * 1000)

for (const span of $('[data-left]')) {
  const [minutes, seconds] = span.textContent.split(':').map(Number)
  const until = Date.now() + (minutes * 60 + seconds) * 1000
  setInterval(() => {
    const left = Math.max(0, Math.round((until - Date.now()) / 1000))
    span.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  }, 1000)
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') for (const d of $('.bar details[open]')) d.open = false
  if (!('keys' in document.body.dataset) || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.target.closest('input, textarea, select')) return
  const search = $('[type=search]')[0]
  if (event.key === '/' && search) {
    search.focus()
    event.preventDefault()
  }
  if (event.key === '?') document.getElementById('keys').showModal()
})
