"""The dashboard of districts, schools and the operator: a process of its own, over HTTP.

Server-rendered pages that work without JavaScript. It reads as ``svod_web``, held to the scope of
the account (``pipeline.scope``), and stands above ``pipeline``, which never imports it.

=============  =================================================================================
module         what it is about
=============  =================================================================================
``app``        the application: its routes, its answers to what goes wrong
``visit``      who asks, and what is read for them: sessions, scopes, forms that are posted
``guard``      headers of every answer, and which requests come from a page of ours
``kept``       what is dear to find, for a minute
``watch``      counts and times of requests, for ``/metrics``
``signin``     coming in and going out: password, second factor
``oidc``       coming in by the region's own OpenID provider
``provider``   what is asked of that provider, and what of its answer is believed
``pages``      a module for each page
``pages.view`` what pages share: templates, the range of days in the address, figures in words
=============  =================================================================================
"""
