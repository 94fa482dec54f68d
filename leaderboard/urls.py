"""Addresses of the site's pages."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from leaderboard import about_views, account_views, api_views, catalogue_views, dump_views, embed_views, feed_views, hook_views, views

handler400 = "leaderboard.refusals.refuse_request"
handler403 = "leaderboard.refusals.forbid_request"
handler404 = "leaderboard.refusals.miss_page"
handler500 = "leaderboard.refusals.admit_fault"

urlpatterns = [
    path("", views.home, name="home"),
    path("sota/<slug:slug>/", views.board, name="board"),
    path("sota/<slug:slug>/chart.json", views.chart, name="chart"),
    path("sota/<slug:slug>/compare/", views.compare, name="compare"),
    re_path(r"^sota/(?P<slug>[-a-zA-Z0-9_]+)/rows\.(?P<form>md|tex|csv|bib)$", views.take_along, name="take-along"),
    path("sota/<slug:slug>/cite.bib", views.cite_board, name="cite-board"),
    path("sota/<slug:slug>/card.png", views.card, name="card"),
    re_path(r"^sota/(?P<slug>[-a-zA-Z0-9_]+)/feed\.(?P<form>atom|json)$", feed_views.board_feed, name="board-feed"),
    re_path(r"^feed\.(?P<form>atom|json)$", feed_views.site_feed, name="feed"),
    path("sota/<slug:slug>/badge.svg", embed_views.board_badge, name="board-badge"),
    path("sota/<slug:slug>/sparkline.svg", embed_views.sparkline, name="sparkline"),
    path("papers/<slug:public_id>/", views.paper, name="paper"),
    path("papers/<slug:public_id>/badge.svg", embed_views.paper_badge, name="paper-badge"),
    path("papers/<slug:public_id>/cite.bib", views.cite_paper, name="cite-paper"),
    path("models/<slug:slug>/", catalogue_views.model, name="model"),
    path("datasets/<slug:slug>/", catalogue_views.dataset, name="dataset"),
    path("embed/", embed_views.builder, name="embed"),
    path("embed/sota/<slug:slug>/", embed_views.embed_board, name="embed-board"),
    path("embed.js", embed_views.script, name="embed-script"),
    path("oembed", embed_views.oembed, name="oembed"),
    path("search/", views.search, name="search"),
    path("about/method/", about_views.method, name="method"),
    path("about/quality/", about_views.quality, name="quality"),
    path("about/quality/chart.json", about_views.quality_chart, name="quality-chart"),
    path("dumps/", dump_views.dumps_page, name="dumps"),
    path("dumps/<slug:dump>/restore/<str:name>", dump_views.archive_file, name="archive-file"),
    path("dumps/<slug:dump>/<path:name>", dump_views.dump_file, name="dump-file"),
    path("robots.txt", about_views.robots, name="robots"),
    path("sitemap.xml", about_views.sitemap_index, name="sitemap"),
    path("sitemap-<slug:section>.xml", about_views.sitemap, name="sitemap-section"),
    re_path(r"^decide/(?P<kind>claim|cost)/(?P<public_id>[-a-zA-Z0-9_]+)/$", views.decide, name="decide"),
    path("changes/<slug:public_id>/undo/", views.undo, name="undo"),
    path("listings/", views.listings, name="listings"),
    path("listings/upload/", views.upload, name="upload"),
    path("listings/<slug:public_id>/", views.listing, name="listing"),
    path("listings/<slug:public_id>/records/<int:number>/", views.record, name="record"),
    path("listings/<slug:public_id>/unread.csv", views.unread, name="unread"),
    path("listings/<slug:public_id>/unjoined.csv", views.unjoined, name="unjoined"),
    path("listings/<slug:public_id>/stop/", views.stop_listing, name="stop-listing"),
    path("listings/<slug:public_id>/read-on/", views.read_on, name="read-on"),
    path("listings/<slug:public_id>/retry/", views.retry_listing, name="retry-listing"),
    path("listings/<slug:public_id>/withdraw/", views.withdraw_listing, name="withdraw-listing"),
    path("listings/<slug:public_id>/year/", views.correct_year, name="correct-year"),
    path("listings/<slug:public_id>/columns/", views.map_columns, name="map-columns"),
    path("hooks/", hook_views.hooks, name="hooks"),
    path("hooks/<slug:public_id>/", hook_views.hook, name="webhook"),
    re_path(
        r"^hooks/(?P<public_id>[-a-zA-Z0-9_]+)/(?P<act>pause|resume|test|secret|delete)/$", hook_views.change_hook, name="change-webhook"
    ),
    path("hooks/<slug:public_id>/deliveries/<slug:delivery_id>/again/", hook_views.send_again, name="send-again"),
    path("login/", account_views.SignInView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", views.healthz, name="healthz"),
    path("account/", account_views.account, name="account"),
    path("account/password/", account_views.ChangePasswordView.as_view(), name="password"),
    path("account/uploads/", account_views.uploads, name="own-uploads"),
    path("account/decisions/", account_views.decisions, name="own-decisions"),
    path("account/invitations/", account_views.invitations, name="invitations"),
    path("account/invitations/<slug:public_id>/revoke/", account_views.revoke_invitation, name="revoke-invitation"),
    path("invitation/<str:secret>/", account_views.follow_invitation, name="invitation"),
    path("account/tokens/", account_views.tokens, name="tokens"),
    path("account/tokens/<slug:public_id>/revoke/", account_views.revoke_token, name="revoke-token"),
    path("api/", api_views.guide, name="api-guide"),
    path("api/docs/", api_views.swagger, name="api-docs"),
    path("api/redoc/", api_views.redoc, name="api-redoc"),
    path("api/client.py", api_views.client, name="api-client"),
    path("api/stability/", api_views.stability, name="api-stability"),
    path("api/v1/", include("claims.api.urls")),
    path("compat/paperswithcode/api/v1/", include("claims.api.compat.urls")),
    # One page changes passwords, and counts who guesses the present one.
    path("admin/password_change/", RedirectView.as_view(pattern_name="password"), name="admin-password"),
    path("admin/", admin.site.urls),
]
