// Every page works without this: it only lets the components of GOV.UK Frontend do what script does better.
import { initAll } from './govuk-frontend.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
