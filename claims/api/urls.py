"""Addresses of the API."""

from django.urls import path

from claims.api import views

app_name = "api"
urlpatterns = [
    path("", views.Root.as_view(), name="root"),
    path("boards/", views.Boards.as_view(), name="boards"),
    path("boards/<slug:slug>/", views.OneBoard.as_view(), name="board"),
    path("claims/", views.Claims.as_view(), name="claims"),
    path("claims/<slug:key>/", views.OneClaim.as_view(), name="claim"),
    path("costs/", views.Costs.as_view(), name="costs"),
    path("costs/<slug:key>/", views.OneCost.as_view(), name="cost"),
    path("papers/", views.Papers.as_view(), name="papers"),
    path("papers/<slug:key>/", views.OnePaper.as_view(), name="paper"),
    path("models/", views.Models.as_view(), name="models"),
    path("models/<slug:key>/", views.OneModel.as_view(), name="model"),
    path("datasets/", views.Datasets.as_view(), name="datasets"),
    path("datasets/<slug:key>/", views.OneDataset.as_view(), name="dataset"),
    path("tasks/", views.Tasks.as_view(), name="tasks"),
    path("tasks/<slug:key>/", views.OneTask.as_view(), name="task"),
    path("metrics/", views.Metrics.as_view(), name="metrics"),
    path("metrics/<slug:key>/", views.OneMetric.as_view(), name="metric"),
]
