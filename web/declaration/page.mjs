// The declaration after NTA 7516 as a page for everybody: text alone, in one language, without a script. The
// build makes it from declaration.json, which is printed from proto/declaration.c.

const WORDS = {
  nl: {
    product: 'Beveiligde e-mail', other: 'English', otherLanguage: 'en', otherPath: '/nta7516/en', skip: 'Naar de inhoud',
    criteria: 'De criteria', evidence: 'Bewijs (namen van tests)', closing: 'Wat bekend is dat niet klopt', signed: 'Hetzelfde als ondertekend bestand',
    check: 'Bewaar het en controleer het zonder deze server: securemail-verify --declaration BESTAND --key SLEUTEL. De sleutel is die van het auditlogboek van deze server; de beheerder geeft hem.',
    state: 'Stand',
  },
  en: {
    product: 'Secure Mail', other: 'Nederlands', otherLanguage: 'nl', otherPath: '/nta7516', skip: 'To the content',
    criteria: 'The criteria', evidence: 'Evidence (names of tests)', closing: 'What is known not to hold', signed: 'The same as a signed file',
    check: 'Keep it and check it without this server: securemail-verify --declaration FILE --key KEY. The key is the one of this server\'s audit log; its operator hands it out.',
    state: 'State',
  },
};

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text) => text.replace(/[&<>"]/g, (each) => escapes[each]);
const paragraph = (text) => `<p>${escaped(text)}</p>`;

// Names of tests are English on both pages.
const evidence = (names, words) =>
  names.length === 0 ? '' : `<p class="criterion__evidence">${words.evidence}:</p>
<ul lang="en">${names.map((name) => `<li>${escaped(name)}</li>`).join('')}</ul>`;

const criterion = (each, language, words) => `<li class="criterion criterion--${each.state}">
<h3 class="utrecht-heading-3"><span class="criterion__clause">${escaped(each.clause)}</span> ${escaped(each.title[language])}</h3>
<p class="criterion__state">${words.state}: <strong>${escaped(each.words[language])}</strong></p>
${paragraph(each.text[language])}
${evidence(each.evidence, words)}
</li>`;

/** The whole page. `names`: where style and icon are served. */
export function pageOf(declaration, language, names) {
  const words = WORDS[language];
  const texts = (list) => list.map(({ text }) => paragraph(text[language])).join('\n');
  return `<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(declaration.title[language])} - ${words.product}</title>
<link rel="icon" type="image/svg+xml" href="${names.icon}">
<link rel="stylesheet" href="${names.style}">
</head>
<body>
<div class="page utrecht-body">
<a class="page__skip" href="#main">${words.skip}</a>
<header class="page__header">
<div class="page__header-inner">
<p class="page__organisation">${words.product}</p>
<p class="page__languages"><a class="page__language" lang="${words.otherLanguage}" hreflang="${words.otherLanguage}" href="${words.otherPath}">${words.other}</a></p>
</div>
</header>
<main id="main" class="page__main page__main--narrow" tabindex="-1">
<h1 class="utrecht-heading-1">${escaped(declaration.title[language])}</h1>
${texts(declaration.preface)}
<h2 class="utrecht-heading-2">${words.criteria}</h2>
<ol class="criteria">
${declaration.criteria.map((each) => criterion(each, language, words)).join('\n')}
</ol>
<h2 class="utrecht-heading-2">${words.closing}</h2>
${texts(declaration.closing)}
<h2 class="utrecht-heading-2">${words.signed}</h2>
<p><a class="utrecht-link" href="/api/v1/declaration" download="nta7516.json">nta7516.json</a></p>
${paragraph(words.check)}
</main>
<footer class="page__footer"><div class="page__footer-inner">Secure Mail</div></footer>
</div>
</body>
</html>
`;
}
