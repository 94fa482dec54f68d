"""Addresses of the site's pages."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, re_path

from leaderboard import views

handler400 = "leaderboard.views.refuse_request"

urlpatterns = [
    path("", views.home, name="home"),
    path("sota/<slug:slug>/", views.board, name="board"),
    path("sota/<slug:slug>/chart.json", views.chart, name="chart"),
    path("sota/<slug:slug>/card.png", views.card, name="card"),
    path("papers/<slug:public_id>/", views.paper, name="paper"),
    path("search/", views.search, name="search"),
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
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", views.healthz, name="healthz"),
    path("admin/", admin.site.urls),
]
