// What a tab remembers (sessionStorage: the link, sessions; gone with the tab) and what a browser
// remembers (localStorage: the pinned identity, the language). Without either a page still works.

function read(store: () => Storage, name: string): string | null {
  try {
    return store().getItem(name);
  } catch {
    return null;
  }
}

function write(store: () => Storage, name: string, value: string | null): void {
  try {
    if (value === null) store().removeItem(name);
    else store().setItem(name, value);
  } catch {
    // Full or forbidden: a reload will ask again.
  }
}

const tab = (): Storage => sessionStorage;
const browser = (): Storage => localStorage;

export const tabMemory = {
  read: (name: string): string | null => read(tab, `securemail.${name}`),
  write: (name: string, value: string | null): void => write(tab, `securemail.${name}`, value),
};

export const browserMemory = {
  read: (name: string): string | null => read(browser, `securemail.${name}`),
  write: (name: string, value: string | null): void => write(browser, `securemail.${name}`, value),
};
