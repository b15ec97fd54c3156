"""The only room that sees a name: vault, pseudonyms, free-text scan, consent, egress gate.

==================  =====================================================================
``keys``            the key ring, kept in a file outside the database
``keyfile``         a sealing key added to that file, or thrown away
``sealing``         AES-GCM envelopes for rows and documents
``pseudonyms``      keyed hashes: pseudonyms, lookups, opaque names at a portal
``people``          identities as read from a source, ready for the vault
``vault``           identities and UIDs, sealed in the database
``dossiers``        rows of the vault as frames, and what is sealed in them
``resealing``       what one key sealed, sealed anew by another
``uids``            which UIDs of an upload can be filed
``persons``         the same person in several schools: matched, decided, undone
``candidates``      whom to compare with whom
``likeness``        what counts as the same name or SNILS
``matching``        who is one person and who is in doubt
``departures``      who left one school for the other
``merges``          the books of who is who
``claims``          people named in typed lists, matched to people of the vault
``inflection``, ``given_names``  the forms a Russian name takes, and what people are called
``lexicon``         the people of a school as a text may name them
``russian``, ``famous``, ``wordlists``  what a word is; reviewed words
``tokens``, ``line``  a text as words
``signs``, ``bearers``, ``evidence``  which of them name somebody of the school
``contacts``        phones, addresses, SNILS, numbers of documents
``freetext``        what texts say of persons
``text_policy``     what becomes of such texts
``separate``        typed frames in, facts by pseudonym out
``consent``         who has an active consent on a day
``policy``, ``gate``  what may leave, to whom, on what ground; the only way out
``release``         the names of a school's own people, for that school
``passports``       the responsible persons of a school: sealed, released into a form
``actions``         the action log
==================  =====================================================================

What guards each of them stands in docs/security.md.
"""
